"""Paths as people have them."""

AWKWARD = 'a + b %20 & c/it\'s "ünï" $HOME `touch x` \\'
