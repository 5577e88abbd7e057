// A ring buffer for JavaScript: a thread waits for records and hands batches over without blocking the event loop.
#pragma once

#include <napi.h>

#include <atomic>
#include <memory>
#include <thread>

#include "ring_buffer.h"

namespace portcullis {

class Ring : public Napi::ObjectWrap<Ring> {
 public:
  static Napi::Function Define(Napi::Env env);

  explicit Ring(const Napi::CallbackInfo& info);  // (map, batchBytes, batchRecords, batchesInFlight)
  ~Ring() override;

 private:
  static void Deliver(Napi::Env env, Napi::Function callback, Ring* ring, void* data);
  static void Delivered(Napi::Env env, void* data, Ring* ring);
  using Channel = Napi::TypedThreadSafeFunction<Ring, void, Deliver>;
  enum class Phase { kIdle, kRunning, kStopping };

  void Start(const Napi::CallbackInfo& info);
  Napi::Value Stop(const Napi::CallbackInfo& info);
  Napi::Value Drain(const Napi::CallbackInfo& info);
  void Acknowledge(const Napi::CallbackInfo& info);
  void Look(const Napi::CallbackInfo& info);
  Napi::Value Lag(const Napi::CallbackInfo& info);
  void Close(const Napi::CallbackInfo& info);

  void RequireOpen(Napi::Env env) const;
  void Consume();      // the thread
  bool IsFull();       // as many batches in flight as there may be
  void Wait(int timeout_ms);
  void Wake() const;
  void JoinThread();
  std::unique_ptr<Batch> TakeReady();
  static Napi::Value ToJavaScript(Napi::Env env, const Batch& batch);

  RingBuffer buffer_;
  BatchLimits limits_ = {};
  uint32_t in_flight_ = 0;
  Descriptor wake_;   // eventfd: an acknowledgement, or the order to look or to stop
  Descriptor epoll_;
  std::thread thread_;
  std::atomic<bool> stop_ = false;
  std::atomic<bool> waits_for_room_ = false;
  std::atomic<int> wait_ = 0;  // ms of the last wait
  Phase phase_ = Phase::kIdle;
  std::mutex ready_mutex_;
  std::deque<std::unique_ptr<Batch>> ready_;  // read by the thread and not yet in JavaScript's hands
  Channel channel_;
  std::unique_ptr<Napi::Promise::Deferred> stopped_;
};

}  // namespace portcullis
