using System.Buffers.Binary;
using System.Text;

namespace Chancery.Testing;

/// <summary>
/// A cross-encoder of a dozen operations that does what a trained one is there for: its answer depends on both texts together. It
/// counts, for each token of the first text, how often it stands in the second one. Written as ONNX byte by byte, since no trained
/// one is small enough to keep beside tests.
/// </summary>
public static class TinyCrossEncoder
{
    private const int Float = 1;
    private const int Int64 = 7;

    private static readonly string[] Special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"];

    /// <summary>Both files of it in a directory, which is made.</summary>
    /// <param name="words">In its vocabulary; all others are one and the same unknown word.</param>
    /// <param name="isWhole">Else it answers a number for each token, as a model that was made for something else.</param>
    public static void Write(string directory, IEnumerable<string> words, bool isWhole = true)
    {
        Directory.CreateDirectory(directory);
        File.WriteAllLines(Path.Combine(directory, "vocab.txt"), [.. Special, .. words]);
        File.WriteAllBytes(Path.Combine(directory, "model.onnx"), Model(isWhole));
    }

    private static byte[] Model(bool isWhole)
    {
        // Of ModelProto: 1 is the version of the format, 7 the graph, 8 the operators' version.
        var model = new Message();
        model.Number(1, 8);
        model.Nested(7, Graph(isWhole));
        model.Nested(8, new Message().Text(1, "").Number(2, 13));
        return model.ToArray();
    }

    private static Message Graph(bool isWhole)
    {
        var graph = new Message();
        Node("Cast", ["token_type_ids"], "types", ("to", Float));
        Node("Cast", ["attention_mask"], "mask", ("to", Float));
        Node("Mul", ["types", "mask"], "second");
        Node("Sub", ["one", "types"], "first");
        Node("Unsqueeze", ["input_ids", "axis2"], "rows");
        Node("Unsqueeze", ["input_ids", "axis1"], "columns");
        Node("Equal", ["rows", "columns"], "equal");
        Node("Cast", ["equal"], "matches", ("to", Float));
        Node("Unsqueeze", ["first", "axis2"], "from");
        Node("Unsqueeze", ["second", "axis1"], "to");
        Node("Mul", ["matches", "from"], "from_first");
        Node("Mul", ["from_first", "to"], "counted");
        Node("ReduceSum", ["counted", "both_axes"], "sum", ("keepdims", 0));
        Node("Unsqueeze", ["sum", "axis1"], "logits");
        graph.Text(2, "matches");
        graph.Nested(5, new Message().Number(2, Float).Floats(4, 1f).Text(8, "one"));
        Axes("axis1", 1);
        Axes("axis2", 2);
        Axes("both_axes", 1, 2);
        foreach (var name in new[] { "input_ids", "attention_mask", "token_type_ids" })
            graph.Nested(11, Value(name, Int64, ("batch", null), ("length", null)));
        graph.Nested(
            12,
            isWhole
                ? Value("logits", Float, ("batch", null), ("label", 1))
                : Value("types", Float, ("batch", null), ("length", null))
        );
        return graph;

        void Node(string operation, string[] inputs, string output, params (string Name, long Value)[] attributes)
        {
            var node = new Message();
            foreach (var input in inputs)
                node.Text(1, input);
            node.Text(2, output).Text(4, operation);
            foreach (var (name, value) in attributes)
                node.Nested(5, new Message().Text(1, name).Number(3, value).Number(20, 2));
            graph.Nested(1, node);
        }

        void Axes(string name, params long[] axes) =>
            graph.Nested(5, new Message().Number(1, axes.Length).Number(2, Int64).Numbers(7, axes).Text(8, name));
    }

    /// <summary>What goes in or comes out: a name, the type of its numbers, and its shape.</summary>
    private static Message Value(string name, int type, params (string Name, long? Length)[] shape)
    {
        var dimensions = new Message();
        foreach (var (dimension, length) in shape)
        {
            dimensions.Nested(
                1,
                length is { } known ? new Message().Number(1, known) : new Message().Text(2, dimension)
            );
        }

        return new Message()
            .Text(1, name)
            .Nested(2, new Message().Nested(1, new Message().Number(1, type).Nested(2, dimensions)));
    }

    /// <summary>A message as protocol buffers write it: each field with its number and how it is written.</summary>
    private sealed class Message
    {
        private readonly List<byte> _bytes = [];

        public byte[] ToArray() => [.. _bytes];

        public Message Number(int field, long value)
        {
            Varint((ulong)field << 3);
            Varint((ulong)value);
            return this;
        }

        public Message Text(int field, string value) => Bytes(field, Encoding.UTF8.GetBytes(value));

        public Message Nested(int field, Message value) => Bytes(field, value.ToArray());

        public Message Numbers(int field, IEnumerable<long> values)
        {
            var packed = new Message();
            foreach (var value in values)
                packed.Varint((ulong)value);
            return Nested(field, packed);
        }

        public Message Floats(int field, float value)
        {
            var packed = new byte[sizeof(float)];
            BinaryPrimitives.WriteSingleLittleEndian(packed, value);
            return Bytes(field, packed);
        }

        private Message Bytes(int field, byte[] value)
        {
            Varint(((ulong)field << 3) | 2);
            Varint((ulong)value.Length);
            _bytes.AddRange(value);
            return this;
        }

        private void Varint(ulong value)
        {
            for (; value >= 0x80; value >>= 7)
                _bytes.Add((byte)(value | 0x80));
            _bytes.Add((byte)value);
        }
    }
}
