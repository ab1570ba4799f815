"""From pictures to the columns of V, and back: read, prepare, flatten, cut, save.

Nothing here knows a solver. `load.load_images` is the way in, `imageset.ImageSet`
what comes out, `layout.ImageLayout` alone knows how a column becomes a picture.
"""
