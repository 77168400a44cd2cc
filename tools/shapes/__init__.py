"""The bundled `shapes` model family: data, training, export and quantisation."""
