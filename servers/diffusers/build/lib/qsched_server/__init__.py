"""A model server for qsched: diffusers pipelines behind the protocol of docs/model-servers.md."""

__version__ = "0.1.0"
