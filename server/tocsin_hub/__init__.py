"""The Tocsin hub: admits, decides, commits and delivers signed messages between parties."""
