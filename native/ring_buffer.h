// Consumer of one BPF ring buffer over its mapped memory. libbpf's own moves the position of the consumer after each record;
// this one reads ahead of it, and moves it only when what was read has been acknowledged. Whoever opens the ring next finds
// every record that was not.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <mutex>
#include <vector>

#include "descriptor.h"

namespace portcullis {

struct BatchLimits {
  uint32_t bytes;    // of payload; a record that is larger by itself makes a batch of its own
  uint32_t records;
};

// Payloads of consecutive records, each beginning at a multiple of 8.
struct Batch {
  std::vector<uint8_t> bytes;
  std::vector<uint32_t> offsets;
  std::vector<uint32_t> lengths;
  uint64_t end = 0;  // position after the last record: what is acknowledged
  bool more = false;  // it is full, and records wait behind it
};

class RingBuffer {
 public:
  enum class Outcome {
    kBatch,
    kEmpty,
    kBusy,  // a record is reserved and not committed yet; those after it must wait
  };

  // Takes ownership. 0 or an errno value; the object is unusable on an error.
  int Open(Descriptor fd, uint32_t size);
  void Close();
  ~RingBuffer() { Close(); }
  bool open() const { return pages_ != nullptr; }
  int fd() const { return fd_.get(); }

  // The next records that were not read yet. One reader at a time.
  Outcome Read(const BatchLimits& limits, Batch* batch);

  // Any thread. Everything up to `position` is safe. False when no batch that was read ends there.
  bool Acknowledge(uint64_t position);
  size_t InFlight();  // batches that were read and not acknowledged
  bool HasUnread();

  uint32_t size() const { return size_; }
  uint64_t Produced() const;
  uint64_t Consumed() const;

 private:
  void Settle();  // under the mutex

  Descriptor fd_;
  uint32_t size_ = 0;
  size_t page_ = 0;
  uint8_t* pages_ = nullptr;      // consumer's page, writable
  uint8_t* producer_ = nullptr;   // producer's page, then the data twice in a row; read only
  uint64_t* consumed_ = nullptr;
  const uint64_t* produced_ = nullptr;
  const uint8_t* data_ = nullptr;

  std::mutex mutex_;
  uint64_t read_ = 0;          // how far Read() has come
  uint64_t acknowledged_ = 0;
  std::deque<uint64_t> ends_;  // of the batches in flight, ascending
};

}  // namespace portcullis
