"""Small pieces that several pages use: choices, clickable pictures, charts, pulse, text made safe."""
