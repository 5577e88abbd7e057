#include "ring.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <utility>

#include "arguments.h"
#include "errors.h"
#include "map.h"

namespace portcullis {

namespace {

// The kernel wakes a reader only if the consumer's position is at the record it commits. While batches are in flight it is
// not, and a record that is being written says nothing at all when others wait before it: then the thread looks by itself, after
// these times (ms), doubling from the first to the second. The first is also how long it leaves a ring alone that it has emptied, unless the
// kernel calls: what comes in a crowd is taken in batches.
constexpr int kFirstLookMs = 2;
constexpr int kLastLookMs = 16;
// A producer may spare us a wake-up for what can wait. So the thread looks once more this long after a batch; bpf/record.h counts on it.
constexpr int kAfterBatchMs = 5;
// For what need not even be told then, and a second line for all else.
constexpr int kIdleLookMs = 250;
constexpr int kForever = -1;

// Milliseconds, rounded up.
int Rest(std::chrono::steady_clock::time_point until) {
  const auto rest = std::chrono::ceil<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
  return static_cast<int>(std::max<std::chrono::milliseconds::rep>(rest.count(), 0));
}

}  // namespace

Napi::Function Ring::Define(Napi::Env env) {
  return DefineClass(env, "Ring",
                     {
                         InstanceMethod<&Ring::Start>("start"),
                         InstanceMethod<&Ring::Stop>("stop"),
                         InstanceMethod<&Ring::Drain>("drain"),
                         InstanceMethod<&Ring::Acknowledge>("acknowledge"),
                         InstanceMethod<&Ring::Look>("look"),
                         InstanceMethod<&Ring::Lag>("lag"),
                         InstanceMethod<&Ring::Close>("close"),
                     });
}

Ring::Ring(const Napi::CallbackInfo& info) : Napi::ObjectWrap<Ring>(info) {
  const Napi::Env env = info.Env();
  const Map& map = Map::Argument(info, 0, "map");
  if (map.info().type != BPF_MAP_TYPE_RINGBUF)
    throw Napi::TypeError::New(env, std::string("map '") + map.info().name + "' is not a ring buffer");
  limits_ = {Uint32Argument(info, 1, "batchBytes"), Uint32Argument(info, 2, "batchRecords")};
  in_flight_ = Uint32Argument(info, 3, "batchesInFlight");
  if (limits_.records == 0 || in_flight_ == 0)
    throw Napi::TypeError::New(env, "batchRecords and batchesInFlight must be at least 1");

  const std::string operation = std::string("open ring '") + map.info().name + "'";
  Descriptor fd = Descriptor::Duplicate(map.fd());
  if (!fd.valid()) throw KernelError(env, errno, operation);
  const int error = buffer_.Open(std::move(fd), map.info().max_entries);
  if (error != 0) throw KernelError(env, error, operation);
  wake_ = Descriptor(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  epoll_ = Descriptor(epoll_create1(EPOLL_CLOEXEC));
  if (!wake_.valid() || !epoll_.valid()) throw KernelError(env, errno, operation);
  // Edge triggered: with batches in flight the ring is never empty, and a level would wake us without end.
  epoll_event records = {EPOLLIN | EPOLLET, {}};
  epoll_event wakes = {EPOLLIN, {}};
  if (epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, buffer_.fd(), &records) != 0 ||
      epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, wake_.get(), &wakes) != 0)
    throw KernelError(env, errno, operation);
}

Ring::~Ring() { JoinThread(); }

void Ring::RequireOpen(Napi::Env env) const {
  if (!buffer_.open()) throw StateError(env, "the ring is closed");
}

void Ring::Wake() const {
  const uint64_t one = 1;
  // Cannot fail but for a full counter, and then the thread is awake anyway.
  [[maybe_unused]] const ssize_t written = write(wake_.get(), &one, sizeof(one));
}

void Ring::Wait(int timeout_ms) {
  wait_.store(timeout_ms);
  epoll_event events[2];
  epoll_wait(epoll_.get(), events, 2, timeout_ms);
  uint64_t count = 0;
  [[maybe_unused]] const ssize_t taken = read(wake_.get(), &count, sizeof(count));
}

void Ring::Consume() {
  int look = kFirstLookMs;
  auto settled = std::chrono::steady_clock::now();  // from then on nobody counts on a look
  while (!stop_.load()) {
    if (IsFull()) {
      Wait(kForever);  // an acknowledgement ends it
      continue;
    }
    auto batch = std::make_unique<Batch>();
    const RingBuffer::Outcome outcome = buffer_.Read(limits_, batch.get());
    if (outcome == RingBuffer::Outcome::kBatch) {
      const bool more = batch->more;
      look = kFirstLookMs;
      settled = std::chrono::steady_clock::now() + std::chrono::milliseconds(kAfterBatchMs);
      {
        const std::lock_guard<std::mutex> lock(ready_mutex_);
        ready_.push_back(std::move(batch));
      }
      if (channel_.NonBlockingCall() != napi_ok) return;  // the environment is going away
      if (!more) Wait(look);
      continue;
    }
    if (outcome == RingBuffer::Outcome::kBusy || buffer_.InFlight() > 0) {
      Wait(look);
      look = std::min(2 * look, kLastLookMs);
      continue;
    }
    const int rest = Rest(settled);
    Wait(rest > 0 ? rest : kIdleLookMs);
    look = kFirstLookMs;
  }
}

// Said before it is asked: an acknowledgement in between either is seen here or sees that it has to wake us.
bool Ring::IsFull() {
  waits_for_room_.store(true);
  if (buffer_.InFlight() >= in_flight_) return true;
  waits_for_room_.store(false);
  return false;
}

void Ring::JoinThread() {
  if (!thread_.joinable()) return;
  stop_.store(true);
  Wake();
  thread_.join();
}

// start(onBatch). The event loop stays alive until stop().
void Ring::Start(const Napi::CallbackInfo& info) {
  RequireOpen(info.Env());
  if (!info[0].IsFunction()) throw Napi::TypeError::New(info.Env(), "onBatch must be a function");
  if (phase_ != Phase::kIdle) throw StateError(info.Env(), "the ring is started, or not stopped to the end");
  channel_ = Channel::New(info.Env(), info[0].As<Napi::Function>(), "portcullis ring", 0, 1, this, Delivered,
                          static_cast<void*>(nullptr));
  Ref();  // not collected while the thread runs
  phase_ = Phase::kRunning;
  stop_.store(false);
  thread_ = std::thread([this] { Consume(); });
}

// The queue is ours and not the channel's so that drain() gets what the event loop has not delivered: acknowledging a batch
// acknowledges all before it, so none may be skipped.
std::unique_ptr<Batch> Ring::TakeReady() {
  const std::lock_guard<std::mutex> lock(ready_mutex_);
  if (ready_.empty()) return nullptr;
  std::unique_ptr<Batch> batch = std::move(ready_.front());
  ready_.pop_front();
  return batch;
}

// On the JavaScript thread, once for each batch; without an environment when that is being torn down.
void Ring::Deliver(Napi::Env env, Napi::Function callback, Ring* ring, void*) {
  if (env == nullptr || callback == nullptr) return;
  const std::unique_ptr<Batch> batch = ring->TakeReady();
  if (batch != nullptr) callback.Call({ToJavaScript(env, *batch)});
}

// After the last batch was delivered, or when the environment is torn down.
void Ring::Delivered(Napi::Env env, void*, Ring* ring) {
  ring->JoinThread();
  ring->phase_ = Phase::kIdle;
  ring->Unref();
  if (ring->stopped_ == nullptr) return;
  const std::unique_ptr<Napi::Promise::Deferred> stopped = std::move(ring->stopped_);
  stopped->Resolve(env.Undefined());
}

// stop(): Promise<void>
Napi::Value Ring::Stop(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (phase_ == Phase::kStopping) return stopped_->Promise();
  if (phase_ == Phase::kIdle) {
    const Napi::Promise::Deferred done(env);
    done.Resolve(env.Undefined());
    return done.Promise();
  }
  stopped_ = std::make_unique<Napi::Promise::Deferred>(env);
  const Napi::Promise promise = stopped_->Promise();
  phase_ = Phase::kStopping;
  JoinThread();
  channel_.Release();
  return promise;
}

// drain(): RingBatch | undefined
Napi::Value Ring::Drain(const Napi::CallbackInfo& info) {
  RequireOpen(info.Env());
  if (phase_ == Phase::kRunning) throw StateError(info.Env(), "drain() reads where the thread reads: stop() comes first");
  if (const std::unique_ptr<Batch> ready = TakeReady()) return ToJavaScript(info.Env(), *ready);
  Batch batch;
  if (buffer_.Read(limits_, &batch) != RingBuffer::Outcome::kBatch) return info.Env().Undefined();
  return ToJavaScript(info.Env(), batch);
}

// acknowledge(position)
void Ring::Acknowledge(const Napi::CallbackInfo& info) {
  RequireOpen(info.Env());
  const uint64_t position = Uint64Argument(info, 0, "position");
  if (!buffer_.Acknowledge(position))
    throw Napi::RangeError::New(info.Env(), "position " + std::to_string(position) + " is not the end of a batch");
  // What comes from now on finds us at its place, and the kernel wakes us; what came before is seen at the next look, if that is soon.
  if (waits_for_room_.load() || (wait_.load() > kFirstLookMs && buffer_.HasUnread())) Wake();
}

// look(): does not wait for what it finds.
void Ring::Look(const Napi::CallbackInfo& info) {
  RequireOpen(info.Env());
  Wake();
}

Napi::Value Ring::Lag(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  RequireOpen(env);
  Napi::Object result = Napi::Object::New(env);
  // The consumer first: it never passes the producer, and read in this order it is never seen to.
  const uint64_t consumed = buffer_.Consumed();
  result.Set("produced", Napi::BigInt::New(env, buffer_.Produced()));
  result.Set("consumed", Napi::BigInt::New(env, consumed));
  result.Set("size", Napi::Number::New(env, buffer_.size()));
  result.Set("inFlight", Napi::Number::New(env, static_cast<double>(buffer_.InFlight())));
  return result;
}

void Ring::Close(const Napi::CallbackInfo& info) {
  if (phase_ != Phase::kIdle) throw StateError(info.Env(), "the ring is running: wait for stop() before close()");
  buffer_.Close();
}

Napi::Value Ring::ToJavaScript(Napi::Env env, const Batch& batch) {
  const size_t count = batch.offsets.size();
  Napi::ArrayBuffer bytes = Napi::ArrayBuffer::New(env, batch.bytes.size());
  if (!batch.bytes.empty()) std::memcpy(bytes.Data(), batch.bytes.data(), batch.bytes.size());
  Napi::Uint32Array offsets = Napi::Uint32Array::New(env, count);
  Napi::Uint32Array lengths = Napi::Uint32Array::New(env, count);
  std::copy(batch.offsets.begin(), batch.offsets.end(), offsets.Data());
  std::copy(batch.lengths.begin(), batch.lengths.end(), lengths.Data());
  Napi::Object result = Napi::Object::New(env);
  result.Set("bytes", bytes);
  result.Set("offsets", offsets);
  result.Set("lengths", lengths);
  result.Set("end", Napi::BigInt::New(env, batch.end));
  return result;
}

}  // namespace portcullis
