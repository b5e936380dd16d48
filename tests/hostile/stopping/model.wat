  (func (export "analyte:plugin/model@0.1.0#describe") (result i32)
    DESCRIBE
    (i32.const 1024))

  (func (export "analyte:plugin/model@0.1.0#run") (param i32 i32 i64 i32 i32 i32 i32 i32 i32) (result i32)
    RUN
    (i32.const 2048))

  MORE
