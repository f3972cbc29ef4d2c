"""Keys are named and proved before the seal, and two people open a nested seal one after the other.

Revision: 0006, after 0005
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "keyholders",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("round_id", sa.String(), nullable=False),
        sa.Column("public_key", sa.String(), nullable=False),
        sa.Column("layer", sa.Integer(), nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("challenge", sa.Text(), nullable=False),
        sa.Column("answer_sha256", sa.String(), nullable=True),
        sa.Column("named_by", sa.String(), nullable=False),
        sa.Column("named_at", TIME, nullable=False),
        sa.Column("proved_by", sa.String(), nullable=True),
        sa.Column("proved_signed_in", sa.Boolean(), nullable=False),
        sa.Column("proved_at", TIME, nullable=True),
        sa.Column("removed_at", TIME, nullable=True),
        sa.CheckConstraint("layer IN (1, 2)", name=op.f("ck_keyholders_layer")),
        sa.ForeignKeyConstraint(["round_id"], ["rounds.id"], name=op.f("fk_keyholders_round_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_keyholders")),
    )
    op.create_index(op.f("ix_keyholders_round_id"), "keyholders", ["round_id"])
    op.add_column("sealed", sa.Column("inner_ciphertext", sa.LargeBinary(), nullable=True))


def downgrade() -> None:
    op.drop_column("sealed", "inner_ciphertext")
    op.drop_table("keyholders")
