"""The algorithms of the chapter, one module each."""
