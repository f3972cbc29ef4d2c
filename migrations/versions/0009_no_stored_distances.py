"""Distances between items are not stored: they named the repeats to whoever read the database.

They follow from what items show, and are computed when an order is made.

Revision: 0009, after 0008
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_column("items", "apart")


def downgrade() -> None:
    op.add_column("items", sa.Column("apart", sa.JSON(), nullable=False, server_default="{}"))
