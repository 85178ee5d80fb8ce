module dev.homolog.bindings {}
