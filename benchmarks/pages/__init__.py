"""Small pages that the page is compared with, and a visitor that reloads one."""
