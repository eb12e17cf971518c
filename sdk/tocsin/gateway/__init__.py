"""Taking part without writing against the SDK: what programs and files are told and say, and the drop folder."""
