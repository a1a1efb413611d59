"""Networks, optimizers, replay buffer and random streams: fast training with fixed bits."""
