  (import "wasi:cli/stderr@0.2.0" "get-stderr" (func $stderr (result i32)))
  (import "wasi:io/streams@0.2.0" "[method]output-stream.write" (func $stderr-write (param i32 i32 i32 i32)))
  (import "wasi:io/streams@0.2.0" "[method]output-stream.write-zeroes" (func $stderr-zeroes (param i32 i64 i32)))
  (import "wasi:io/poll@0.2.0" "poll" (func $poll (param i32 i32 i32)))
  (import "wasi:clocks/monotonic-clock@0.2.0" "now" (func $now (result i64)))
  (import "wasi:clocks/monotonic-clock@0.2.0" "subscribe-duration" (func $subscribe (param i64) (result i32)))
  (import "wasi:sockets/instance-network@0.2.0" "instance-network" (func $network (result i32)))
  (import "wasi:sockets/ip-name-lookup@0.2.0" "resolve-addresses" (func $resolve (param i32 i32 i32 i32)))
  (import "analyte:plugin/log@0.1.0" "write" (func $log (param i32 i32 i32)))
  (import "analyte:plugin/job@0.1.0" "progress" (func $progress (param f64 i32 i32)))
  (import "analyte:plugin/job@0.1.0" "attempt" (func $attempt (result i32)))
  (import "analyte:plugin/settings@0.1.0" "get" (func $setting (param i32 i32 i32)))
  (import "analyte:plugin/result-files@0.1.0" "create" (func $create (param i32 i32 i32 i32 i32)))
  (import "analyte:plugin/result-files@0.1.0" "[method]result-file.write" (func $file-write (param i32 i32 i32 i32)))

  ;; The name `guest` at 16; answers of the host at 64, the model's description at 1024, its result at 2048.
  (memory (export "memory") 17)
  (data (i32.const 16) "guest")
  (data (i32.const 1024) "\10\00\00\00\05\00\00\00")
  (global $free (mut i32) (i32.const 65536))
  (global $own (mut i32) (i32.const 0))

  ;; Grows the memory to this number of bytes.
  (func $grow (param $bytes i32)
    (drop (memory.grow
      (i32.sub (i32.shr_u (i32.add (local.get $bytes) (i32.const 65535)) (i32.const 16)) (memory.size)))))

  (func (export "cabi_realloc") (param $old i32) (param $old-size i32) (param $align i32) (param $size i32) (result i32)
    (local $at i32)
    ;; Answers of the host are not looked at, so later ones may lie where earlier ones were.
    (if (i32.gt_u (global.get $free) (i32.const 4000000)) (then (global.set $free (i32.const 65536))))
    (local.set $at (i32.and
      (i32.add (global.get $free) (i32.sub (local.get $align) (i32.const 1)))
      (i32.sub (i32.const 0) (local.get $align))))
    (global.set $free (i32.add (local.get $at) (local.get $size)))
    (if (i32.gt_u (global.get $free) (i32.shl (memory.size) (i32.const 16)))
      (then (call $grow (global.get $free))))
    (local.get $at))
