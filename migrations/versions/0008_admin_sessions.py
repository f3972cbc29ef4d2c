"""Sessions of admins are stored, so that they can be ended, and attempts at passwords, so that they can be counted.

Revision: 0008, after 0007
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "admin_sessions",
        sa.Column("token_sha256", sa.String(), nullable=False),
        sa.Column("admin", sa.String(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("last_seen_at", TIME, nullable=False),
        sa.Column("expires_at", TIME, nullable=False),
        sa.ForeignKeyConstraint(["admin"], ["admins.name"], name=op.f("fk_admin_sessions_admin")),
        sa.PrimaryKeyConstraint("token_sha256", name=op.f("pk_admin_sessions")),
    )
    op.create_index(op.f("ix_admin_sessions_admin"), "admin_sessions", ["admin"])
    op.create_table(
        "password_attempts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("client", sa.String(), nullable=False),
        sa.Column("browser", sa.String(), nullable=True),
        sa.Column("at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_password_attempts")),
    )
    op.create_index("ix_password_attempts_client", "password_attempts", ["client"])
    op.create_index("ix_password_attempts_name", "password_attempts", ["name"])


def downgrade() -> None:
    op.drop_table("password_attempts")
    op.drop_table("admin_sessions")
