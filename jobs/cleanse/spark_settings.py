"""The Spark session of a cleanse. Every setting that an outcome depends on is made here, none outside."""

from jobs.cleanse.limits import MIB

# Input is cut into pieces of this size; a piece is one task. The line numbers count on it (spark_lines).
SPLIT_BYTES = 64 * MIB
# Shuffled bytes per output task: a few large files, whatever the number of inputs.
OUTPUT_TASK_BYTES = 128 * MIB
SHUFFLE_TASK_BYTES = 32 * MIB
# The same where only the lines that miss the shape are shuffled, mostly one in a hundred.
SUSPECTS_TASK_BYTES = 256 * MIB
MAX_SHUFFLE_TASKS = 2000
# Arrival days of one batch that are written side by side; above it Spark sorts each task's rows by day.
MAX_OPEN_FOLDERS = 32

SETTINGS = {
    "spark.sql.session.timeZone": "UTC",
    # A cast that fails gives NULL, and the rules say what that means.
    "spark.sql.ansi.enabled": "false",
    "spark.sql.legacy.timeParserPolicy": "CORRECTED",
    # INT96, the default, is read by others as a timestamp without a zone.
    "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
    "spark.sql.parquet.datetimeRebaseModeInWrite": "CORRECTED",
    "spark.sql.parquet.datetimeRebaseModeInRead": "CORRECTED",
    "spark.sql.parquet.compression.codec": "zstd",
    "spark.sql.files.ignoreCorruptFiles": "false",
    "spark.sql.files.ignoreMissingFiles": "false",
    "spark.sql.sources.partitionColumnTypeInference.enabled": "false",
    "spark.sql.adaptive.enabled": "true",
    "spark.sql.adaptive.advisoryPartitionSizeInBytes": str(OUTPUT_TASK_BYTES),
    # Without it, the tasks are made small enough for all cores, and so are the files.
    "spark.sql.adaptive.coalescePartitions.parallelismFirst": "false",
    "spark.sql.maxConcurrentOutputFileWriters": str(MAX_OPEN_FOLDERS),
    # The early cut that this would add sorts every row once more, for two rows in a hundred.
    "spark.sql.optimizer.windowGroupLimitThreshold": "-1",
    # The JVM compiles no method above this; Spark then cuts the long expressions of the exact rules in parts.
    "spark.sql.codegen.hugeMethodLimit": "8000",
}
# Only files that the report lists are ever copied, so half of a failed task's files do no harm.
HADOOP_SETTINGS = {
    "mapreduce.fileoutputcommitter.algorithm.version": "2",
    "mapreduce.fileoutputcommitter.marksuccessfuljobs": "false",
}


def open_session():
    """The session of this job, as Glue or spark-submit prepared it, with the settings above."""
    from pyspark.sql import SparkSession

    return settle(SparkSession.builder.appName("sluice-cleanse").getOrCreate())


def settle(spark, split_bytes: int = SPLIT_BYTES):
    """Makes the settings in a session. A piece holds one split: an opened file costs as much as a whole
    one.
    """
    pieces = {
        "spark.sql.files.maxPartitionBytes": split_bytes,
        "spark.sql.files.openCostInBytes": split_bytes,
    }
    for name, value in (SETTINGS | pieces).items():
        spark.conf.set(name, str(value))
    for name, value in HADOOP_SETTINGS.items():
        spark.sparkContext._jsc.hadoopConfiguration().set(name, value)
    return spark


def size_shuffle(spark, input_bytes: int, task_bytes: int = SHUFFLE_TASK_BYTES) -> None:
    """Sets how many pieces a shuffle starts with, given the bytes of input for each; adaptive execution joins
    those that turn out small.
    """
    pieces = min(max(input_bytes // task_bytes, spark.sparkContext.defaultParallelism), MAX_SHUFFLE_TASKS)
    spark.conf.set("spark.sql.shuffle.partitions", str(pieces))


def peak_memory_bytes(spark) -> int:
    """Peak resident size of the driver's JVM (on one machine: of everything in Spark) and of this process."""
    from jobs.cleanse.memory import peak_memory_bytes as own_peak

    jvm = spark.sparkContext._jvm.java.lang.ProcessHandle.current().pid()
    with open(f"/proc/{jvm}/status", encoding="ascii", errors="replace") as status:
        peak = next((line for line in status if line.startswith("VmHWM:")), "VmHWM: 0 kB")
    return int(peak.split()[1]) * 1024 + own_peak()
