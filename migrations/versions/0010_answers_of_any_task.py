"""A chain's entry may hold the answer of any task: which answers exist, the round's design says.

Revision: 0010, after 0009
"""

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("chain_entries") as batch_op:
        batch_op.drop_constraint(op.f("ck_chain_entries_verdict"), type_="check")


def downgrade() -> None:
    """Allow the answers of first glance alone; it fails where a chain holds another task's."""
    with op.batch_alter_table("chain_entries") as batch_op:
        batch_op.create_check_constraint(
            op.f("ck_chain_entries_verdict"), "verdict IN ('interpretable', 'not_interpretable', 'cannot_judge')"
        )
