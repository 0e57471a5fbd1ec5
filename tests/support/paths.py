"""Paths with blanks, quotes and Unicode, as users may have them."""

AWKWARD = 'a + b %20 & c/it\'s "ünï" $HOME `touch x` \\'
