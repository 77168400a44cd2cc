"""The bundled `shapes-flow` model family: a flow-matching transformer with FLUX's pipeline, beside `shapes`."""
