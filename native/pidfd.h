// A process by a descriptor: what a signal reaches is the process that was opened, never another one that got its pid.
#pragma once

#include <napi.h>

namespace portcullis {

// openPidfd(pid): number. The descriptor is closed by JavaScript, as any other.
Napi::Value OpenPidfd(const Napi::CallbackInfo& info);

// signalPidfd(descriptor, signal)
void SignalPidfd(const Napi::CallbackInfo& info);

}  // namespace portcullis
