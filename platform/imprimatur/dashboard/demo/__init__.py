"""Two invented companies to try the product with. Their pictures were drawn by `generation.studio.samples`."""
