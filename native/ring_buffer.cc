#include "ring_buffer.h"

#include <linux/bpf.h>
#include <sys/mman.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace portcullis {

namespace {

constexpr uint64_t RoundUp8(uint64_t value) { return (value + 7) & ~uint64_t{7}; }

}  // namespace

int RingBuffer::Open(Descriptor fd, uint32_t size) {
  page_ = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  size_ = size;
  void* consumer = mmap(nullptr, page_, PROT_READ | PROT_WRITE, MAP_SHARED, fd.get(), 0);
  if (consumer == MAP_FAILED) return errno;
  const size_t rest = page_ + 2 * static_cast<size_t>(size);
  void* producer = mmap(nullptr, rest, PROT_READ, MAP_SHARED, fd.get(), static_cast<off_t>(page_));
  if (producer == MAP_FAILED) {
    const int error = errno;
    munmap(consumer, page_);
    return error;
  }
  fd_ = std::move(fd);
  pages_ = static_cast<uint8_t*>(consumer);
  producer_ = static_cast<uint8_t*>(producer);
  consumed_ = reinterpret_cast<uint64_t*>(pages_);
  produced_ = reinterpret_cast<const uint64_t*>(producer_);
  data_ = producer_ + page_;
  read_ = acknowledged_ = Consumed();
  return 0;
}

void RingBuffer::Close() {
  if (pages_ == nullptr) return;
  munmap(pages_, page_);
  munmap(producer_, page_ + 2 * static_cast<size_t>(size_));
  pages_ = nullptr;
  fd_.Close();
}

uint64_t RingBuffer::Produced() const { return __atomic_load_n(produced_, __ATOMIC_ACQUIRE); }
uint64_t RingBuffer::Consumed() const { return __atomic_load_n(consumed_, __ATOMIC_ACQUIRE); }

RingBuffer::Outcome RingBuffer::Read(const BatchLimits& limits, Batch* batch) {
  const uint64_t produced = Produced();
  const uint64_t mask = size_ - 1;
  uint64_t position = read_;
  Outcome outcome = Outcome::kEmpty;
  while (position < produced) {
    // Thanks to the second mapping of the data a record that wraps is still one run of bytes.
    const uint8_t* record = data_ + (position & mask);
    // Acquire pairs with the exchange by which the kernel commits: the payload is complete once BUSY is gone.
    const uint32_t header = __atomic_load_n(reinterpret_cast<const uint32_t*>(record), __ATOMIC_ACQUIRE);
    if ((header & BPF_RINGBUF_BUSY_BIT) != 0) {
      outcome = Outcome::kBusy;
      break;
    }
    const uint32_t length = header & ~(BPF_RINGBUF_BUSY_BIT | BPF_RINGBUF_DISCARD_BIT);
    if ((header & BPF_RINGBUF_DISCARD_BIT) == 0) {
      const size_t used = batch->bytes.size();
      const bool full = batch->offsets.size() >= limits.records || used + RoundUp8(length) > limits.bytes;
      if (full && !batch->offsets.empty()) {
        batch->more = true;
        break;
      }
      batch->offsets.push_back(static_cast<uint32_t>(used));
      batch->lengths.push_back(length);
      batch->bytes.resize(used + RoundUp8(length));
      std::memcpy(batch->bytes.data() + used, record + BPF_RINGBUF_HDR_SZ, length);
    }
    position += RoundUp8(uint64_t{length} + BPF_RINGBUF_HDR_SZ);
  }
  batch->end = position;

  const std::lock_guard<std::mutex> lock(mutex_);
  read_ = position;
  if (!batch->offsets.empty()) {
    ends_.push_back(position);
    return Outcome::kBatch;
  }
  Settle();
  return outcome;
}

bool RingBuffer::Acknowledge(uint64_t position) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (position <= acknowledged_) return true;
  if (std::find(ends_.begin(), ends_.end(), position) == ends_.end()) return false;
  while (!ends_.empty() && ends_.front() <= position) ends_.pop_front();
  acknowledged_ = position;
  Settle();
  return true;
}

// With nothing in flight, what was read after the last batch are discarded records: they are done with as well. The store is
// sequentially consistent because the kernel wakes a reader only when it finds the position at the record it commits: either it
// sees this position, or the next Read() sees its record.
void RingBuffer::Settle() {
  if (ends_.empty()) acknowledged_ = read_;
  if (acknowledged_ != Consumed()) __atomic_store_n(consumed_, acknowledged_, __ATOMIC_SEQ_CST);
  std::atomic_thread_fence(std::memory_order_seq_cst);
}

size_t RingBuffer::InFlight() {
  const std::lock_guard<std::mutex> lock(mutex_);
  return ends_.size();
}

bool RingBuffer::HasUnread() {
  const std::lock_guard<std::mutex> lock(mutex_);
  return read_ < Produced();
}

}  // namespace portcullis
