"""Where digits come from: the files, servers and generators behind `mnist_demo.datasets`."""
