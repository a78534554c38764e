//! Whatever is written reads back the same, with the same hashes, in every form.

use proptest::prelude::*;
use stocksync_schemas::wire::{self, json};

use crate::random;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// I8: every op, of known and unknown kinds, comes out of columns and rows with the hash it went in with.
    #[test]
    fn i8_requests_read_back_from_columns_and_rows(request in random::request()) {
        let columns = wire::decode_request(&wire::encode_request(&request)).unwrap();
        prop_assert_eq!(&columns.undecodable, &vec![]);
        prop_assert_eq!(&columns.request, &request);
        for (sent, read) in request.ops.iter().zip(&columns.request.ops) {
            prop_assert_eq!(sent.op.hash(), read.op.hash());
        }
        let rows = wire::decode_request(&wire::encode_request_as_rows(&request)).unwrap();
        prop_assert_eq!(&rows.undecodable, &vec![]);
        prop_assert_eq!(&rows.request, &request);
    }

    #[test]
    fn i8_answers_read_back_in_order_of_position(response in random::response()) {
        let read = wire::decode_response(&wire::encode_response(&response)).unwrap();
        prop_assert_eq!(read, response);
    }

    #[test]
    fn i8_the_json_form_reads_back(request in random::request(), response in random::response()) {
        let read = json::decode_request(&json::encode_request(&request).unwrap()).unwrap();
        prop_assert_eq!(&read.undecodable, &vec![]);
        prop_assert_eq!(read.request, request);
        prop_assert_eq!(json::decode_response(&json::encode_response(&response).unwrap()).unwrap(), response);
    }
}
