"""Networks, optimizers, buffers and random streams with fixed bits."""
