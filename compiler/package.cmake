# What `cmake --install` and `cpack -G DEB` hold.
