"""The page “Look inside”: weights, mistakes, the data, and any image explained."""
