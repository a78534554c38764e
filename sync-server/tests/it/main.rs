//! Tests against a real Postgres: a database each, on one private cluster for the whole binary.
#![cfg(test)]

mod binary;
mod catalogue;
mod embedded;
mod http;
mod migrate;
mod roles;
mod sql;
mod support;
