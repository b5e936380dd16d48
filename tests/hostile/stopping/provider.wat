  ;; All that it says of itself is empty.
  (func (export "analyte:plugin/provider@0.1.0#describe") (result i32)
    (i32.const 8192))

  (func (export "analyte:plugin/provider@0.1.0#models") (result i32)
    MODELS
    (i32.const 8192))

  ;; It is a model like the one above.
  (func (export "analyte:plugin/provider@0.1.0#inspect-model") (param i32 i32 i32 i32) (result i32)
    INSPECT
    (i32.const 1016))

  (func (export "analyte:plugin/provider@0.1.0#run") (param i32 i32 i64 i32 i32 i32 i32 i32 i32) (result i32)
    (i32.const 2048))
