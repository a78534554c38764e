"""Tests of the glue: what crosses between Python and the library arrives. Rules of stock are tested in Rust."""
