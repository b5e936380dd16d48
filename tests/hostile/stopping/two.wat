(component
  (component $taker
    (core module $m
      (memory (export "m") 1)
      (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 1024))
      (func (export "take") (param i32 i32)))
    (core instance $i (instantiate $m))
    (type $given TYPE)
    (func (export "take") (param "given" $given)
      (canon lift (core func $i "take") TAKEN (memory $i "m") (realloc (func $i "realloc")))))
  (instance $t (instantiate $taker))
  (component $giver
    (type $given TYPE)
    (import "take" (func $take (param "given" $given)))
    (core module $memory (memory (export "m") 1))
    (core instance $m (instantiate $memory))
    (core func $lowered (canon lower (func $take) GIVEN (memory $m "m")))
    (core module $caller
      (import "" "take" (func $take (param i32 i32)))
      (func (export "give") (call $take (i32.const 0) (i32.const 5))))
    (core instance (instantiate $caller (with "" (instance (export "take" (func $lowered)))))))
  (instance (instantiate $giver (with "take" (func $t "take"))))
  (instance $none)
  (export "analyte:plugin/model@0.1.0" (instance $none)))
