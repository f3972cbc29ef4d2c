"""A round's page shows how far its seal is, and whether it was interrupted.

Revision: 0007, after 0006
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "seal_runs",
        sa.Column("round_id", sa.String(), nullable=False),
        sa.Column("run_code", sa.String(), nullable=False),
        sa.Column("started_by", sa.String(), nullable=False),
        sa.Column("started_at", TIME, nullable=False),
        sa.Column("step", sa.String(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("beat_at", TIME, nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.CheckConstraint("outcome IN ('running', 'sealed', 'failed')", name=op.f("ck_seal_runs_outcome")),
        sa.ForeignKeyConstraint(["round_id"], ["rounds.id"], name=op.f("fk_seal_runs_round_id")),
        sa.PrimaryKeyConstraint("round_id", name=op.f("pk_seal_runs")),
    )


def downgrade() -> None:
    op.drop_table("seal_runs")
