"""Aids after the verdict.

Revision: 0002, after 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "aids",
        sa.Column("round_id", sa.String(), nullable=False),
        sa.Column("item", sa.String(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["round_id", "item"], ["items.round_id", "items.code"], name=op.f("fk_aids_round_id")),
        sa.PrimaryKeyConstraint("round_id", "item", name=op.f("pk_aids")),
    )


def downgrade() -> None:
    op.drop_table("aids")
