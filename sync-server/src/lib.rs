//! The thin sync server: authenticate, order, store, fan out, project.
