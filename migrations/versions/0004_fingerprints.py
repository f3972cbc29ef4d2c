"""A round remembers what its archives hold, so that its draws are counted as related after they were moved away.

Revision: 0004, after 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("round_archives", sa.Column("fingerprints", sa.JSON(), nullable=True))


def downgrade() -> None:
    op.drop_column("round_archives", "fingerprints")
