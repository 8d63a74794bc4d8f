using System.Runtime.InteropServices;
using System.Text;

namespace Chancery.Models;

/// <summary>A BERT-like encoder, loaded. Safe for concurrent use; dispose it when nothing runs any more.</summary>
internal sealed unsafe class OnnxSession : SafeHandle
{
    private static readonly string[] KnownInputs = ["input_ids", "attention_mask", "token_type_ids"];

    private readonly OnnxRuntimeApi _api;
    private readonly string[] _inputs;
    private readonly byte[][] _inputNames;
    private readonly byte[] _outputName;

    /// <param name="model">The file's bytes; not needed after this.</param>
    /// <param name="threads">That one run uses.</param>
    /// <exception cref="LocalModelException">This is no such model.</exception>
    private OnnxSession(OnnxRuntimeApi api, ReadOnlySpan<byte> model, int threads)
        : base(0, ownsHandle: true)
    {
        _api = api;
        SetHandle(api.CreateSession(model, threads));
        _inputs = [.. api.InputNames(handle)];
        var outputs = api.OutputNames(handle);
        if (!_inputs.Contains("input_ids") || _inputs.Except(KnownInputs).Any() || outputs.Count == 0)
            throw new LocalModelException(
                $"This is no BERT-like encoder: it wants {string.Join(", ", _inputs)} and answers {string.Join(", ", outputs)}."
            );

        _inputNames = [.. _inputs.Select(Named)];
        // Some exports pool themselves and offer both: the tokens' states leave the pooling to the settings.
        var output = outputs.Contains("last_hidden_state") ? "last_hidden_state" : outputs[0];
        _outputName = Named(output);
        // What the operator's name in the file says is all there is to tell: the graph itself is opaque behind the API.
        IsDynamicallyQuantised = model.IndexOf("DynamicQuantizeLinear"u8) >= 0;
    }

    /// <param name="path">Of the model.</param>
    /// <exception cref="LocalModelException">This is no such model.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static OnnxSession Open(OnnxRuntimeApi api, string path, int threads)
    {
        using var file = File.OpenHandle(path);
        var length = RandomAccess.GetLength(file);
        if (length is 0 or > int.MaxValue)
            throw new LocalModelException($"{path} is no model: it has {length} bytes.");

        // Not an array: the collector would keep it for minutes, and the model is copied once more while it is opened.
        var place = NativeMemory.Alloc((nuint)length);
        try
        {
            var model = new Span<byte>(place, (int)length);
            for (var read = 0; read < model.Length; )
            {
                var more = RandomAccess.Read(file, model[read..], read);
                read += more > 0 ? more : throw new EndOfStreamException($"{path} ends early.");
            }

            return new OnnxSession(api, model, threads);
        }
        finally
        {
            NativeMemory.Free(place);
        }
    }

    /// <summary>Whether activations are quantised over a whole batch, so that a text's vector depends on its neighbours.</summary>
    public bool IsDynamicallyQuantised { get; }

    public override bool IsInvalid => handle == 0;

    /// <summary>The states of one text's tokens, or, where the model pools by itself, one state.</summary>
    /// <param name="ids">The tokens.</param>
    /// <param name="read">Gets the states one after the other, and how long each is.</param>
    /// <param name="second">Where the second of two texts begins; beyond the end where there is one.</param>
    public T Run<T>(ReadOnlySpan<int> ids, StatesReader<T> read, int second = int.MaxValue)
    {
        var length = ids.Length;
        var numbers = new long[length * 3];
        for (var i = 0; i < length; i++)
        {
            (numbers[i], numbers[length + i]) = (ids[i], 1);
            numbers[(2 * length) + i] = i >= second ? 1 : 0;
        }

        var held = false;
        DangerousAddRef(ref held);
        var tensors = stackalloc nint[3];
        nint output = 0;
        try
        {
            fixed (long* place = numbers)
            fixed (byte* outputName = _outputName)
            {
                var names = stackalloc byte*[3];
                var pins = stackalloc GCHandle[3];
                for (var i = 0; i < _inputs.Length; i++)
                {
                    pins[i] = GCHandle.Alloc(_inputNames[i], GCHandleType.Pinned);
                    names[i] = (byte*)pins[i].AddrOfPinnedObject();
                    tensors[i] = _api.CreateTensor(
                        place + (Array.IndexOf(KnownInputs, _inputs[i]) * length),
                        1,
                        length
                    );
                }

                try
                {
                    output = _api.Run(handle, names, tensors, _inputs.Length, outputName);
                }
                finally
                {
                    for (var i = 0; i < _inputs.Length; i++)
                        pins[i].Free();
                }

                var (shape, states) = _api.Read(output);
                if (shape.Length == 0 || shape[^1] is < 1 or > int.MaxValue)
                    throw new LocalModelException("The model answers no vector.");

                var width = (int)shape[^1];
                var count = shape.Length == 3 ? (int)shape[1] : 1;
                return read(new ReadOnlySpan<float>((void*)states, count * width), width);
            }
        }
        finally
        {
            if (output != 0)
                _api.ReleaseTensor(output);
            for (var i = 0; i < _inputs.Length; i++)
            {
                if (tensors[i] != 0)
                    _api.ReleaseTensor(tensors[i]);
            }

            if (held)
                DangerousRelease();
        }
    }

    /// <param name="states">One after the other.</param>
    /// <param name="width">Of each.</param>
    public delegate T StatesReader<out T>(ReadOnlySpan<float> states, int width);

    protected override bool ReleaseHandle()
    {
        _api.ReleaseSession(handle);
        return true;
    }

    private static byte[] Named(string name) => [.. Encoding.UTF8.GetBytes(name), 0];
}
