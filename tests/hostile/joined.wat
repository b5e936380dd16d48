(component
  (component $taker
    (core module $m
      (memory (export "m") 1)
      (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 1024))
      (func (export "take") (param $at i32) (param $length i32)
        (if (i32.ne (local.get $length) (i32.const 5)) (then unreachable))
        (if (i32.ne (i32.load8_u (i32.const 1024)) (i32.const 104)) (then unreachable))))
    (core instance $i (instantiate $m))
    (func (export "take") (param "text" TYPE)
      (canon lift (core func $i "take") ENCODING (memory $i "m") (realloc (func $i "realloc")))))
  (instance $t (instantiate $taker))
  (component $giver
    (import "take" (func $take (param "text" TYPE)))
    (core module $memory (memory (export "m") 1) (data (i32.const 0) "hello"))
    (core instance $m (instantiate $memory))
    (core func $lowered (canon lower (func $take) (memory $m "m")))
    (core module $caller
      (import "" "take" (func $take (param i32 i32)))
      (func $s (call $take (i32.const 0) (i32.const 5)))
      (start $s))
    (core instance (instantiate $caller (with "" (instance (export "take" (func $lowered)))))))
  (instance (instantiate $giver (with "take" (func $t "take")))))
