"""`_multiprocessing` without semaphores: `multiprocessing` can be imported, and fails when used."""
