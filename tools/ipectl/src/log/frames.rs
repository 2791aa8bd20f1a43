// SPDX-License-Identifier: GPL-2.0-only

//! The frames of a zstd file, one after the other.

use ruzstd::decoding::{
    errors::{FrameDecoderError, ReadFrameHeaderError},
    BlockDecodingStrategy, FrameDecoder,
};
use std::io::{self, BufRead, Read};

/// A frame without content. The decoder compares the window of a frame with the most that it takes
/// only from the second frame on, so this one comes first.
const EMPTY: &[u8] = b"\x28\xb5\x2f\xfd\x20\x00\x01\x00\x00";

/// The content of a reader's frames.
pub(super) struct Frames<R> {
    source: R,
    decoder: FrameDecoder,
}

impl<R: BufRead> Frames<R> {
    /// Reads frames.
    ///
    /// # Errors
    ///
    /// None: the decoder takes the empty frame.
    pub(super) fn new(source: R) -> io::Result<Self> {
        let mut decoder = FrameDecoder::new();
        let mut empty = EMPTY;
        decoder.init(&mut empty).map_err(io::Error::other)?;
        decoder
            .decode_blocks(&mut empty, BlockDecodingStrategy::All)
            .map_err(io::Error::other)?;
        Ok(Self { source, decoder })
    }

    /// Begins with the next frame that has content, or returns that there is none.
    fn next(&mut self) -> io::Result<bool> {
        while !self.source.fill_buf()?.is_empty() {
            match self.decoder.reset(&mut self.source) {
                Ok(()) => return Ok(true),
                Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame {
                    length,
                    ..
                })) => {
                    let mut skipped = self.source.by_ref().take(length.into());
                    io::copy(&mut skipped, &mut io::sink())?;
                }
                Err(error) => return Err(damaged(error)),
            }
        }
        Ok(false)
    }

    /// Compares the checksum of a frame, if it has one.
    fn verify(&self) -> io::Result<()> {
        let stored = self.decoder.get_checksum_from_data();
        match stored.zip(self.decoder.get_calculated_checksum()) {
            Some((stored, is)) if stored != is => Err(damaged("the checksum does not match")),
            _ => Ok(()),
        }
    }
}

impl<R: BufRead> Read for Frames<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.decoder.can_collect() == 0 {
            if self.decoder.is_finished() {
                self.verify()?;
                if !self.next()? {
                    return Ok(0);
                }
            }
            let strategy = BlockDecodingStrategy::UptoBytes(buffer.len());
            let decoded = self.decoder.decode_blocks(&mut self.source, strategy);
            decoded.map_err(damaged)?;
        }
        self.decoder.read(buffer)
    }
}

fn damaged(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error)
}
