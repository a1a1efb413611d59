"""The deep and policy-search algorithms of the chapter, one file each."""
