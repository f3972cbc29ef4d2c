"""First Glance: what fraction of a model's neurons can be understood at first glance?

Read the packages in the order of the data:

    models -> harvest -> archive -> rounds -> judging -> evidence -> leak_audit | unblinding -> statistics -> report

with `foundation` and `robots` below them and `store`, `services`, `web` and `cli` around them.
"""

__version__ = "0.3.0"
