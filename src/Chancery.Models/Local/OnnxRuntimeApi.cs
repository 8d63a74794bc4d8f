using System.Runtime.InteropServices;

namespace Chancery.Models;

/// <summary>
/// The few functions of ONNX Runtime's C API that an encoder needs, called through the table that the library hands out. Loaded
/// when it is first used; stays for the life of the process. Safe for concurrent use.
/// </summary>
/// <remarks>
/// The table is the struct <c>OrtApi</c> of <c>onnxruntime_c_api.h</c>: functions are only ever added at its end, so a
/// place in it is good for every later version of the library.
/// </remarks>
internal sealed unsafe class OnnxRuntimeApi
{
    /// <summary>The version of the table that is asked for; libraries from 1.20 on have it.</summary>
    private const uint ApiVersion = 20;

    private const int LogErrorsOnly = 3;

    private static readonly Lock Loading = new();
    private static readonly Dictionary<string, OnnxRuntimeApi> Loaded = new(StringComparer.Ordinal);

    private readonly nint* _table;

    private OnnxRuntimeApi(nint* table, string version)
    {
        _table = table;
        Version = version;
        nint environment;
        fixed (byte* name = "chancery\0"u8)
            Check(((delegate* unmanaged<int, byte*, nint*, nint>)_table[3])(LogErrorsOnly, name, &environment));
        Environment = environment;
        nint memory;
        // A buffer of ours on the CPU, from the library's device allocator (0), of the default kind (0).
        Check(((delegate* unmanaged<int, int, nint*, nint>)_table[69])(0, 0, &memory));
        CpuMemory = memory;
        nint allocator;
        Check(((delegate* unmanaged<nint*, nint>)_table[78])(&allocator));
        Allocator = allocator;
    }

    /// <summary>Of the library, such as "1.30.0".</summary>
    public string Version { get; }

    private nint Environment { get; }

    private nint CpuMemory { get; }

    private nint Allocator { get; }

    /// <param name="path">The library's file.</param>
    /// <exception cref="LocalModelException">It is missing, is not for this machine, or is too old.</exception>
    public static OnnxRuntimeApi Load(string path)
    {
        lock (Loading)
        {
            if (Loaded.TryGetValue(path, out var known))
                return known;

            return Loaded[path] = Open(path);
        }
    }

    public nint CreateSession(ReadOnlySpan<byte> model, int threads)
    {
        nint options;
        Check(((delegate* unmanaged<nint*, nint>)_table[10])(&options));
        try
        {
            Check(((delegate* unmanaged<nint, int, nint>)_table[24])(options, threads));
            Check(((delegate* unmanaged<nint, int, nint>)_table[25])(options, 1));
            // Lengths differ from text to text: a plan of memory for each of them would be kept for ever.
            Check(((delegate* unmanaged<nint, nint>)_table[17])(options));
            nint session;
            fixed (byte* bytes = model)
            {
                Check(
                    ((delegate* unmanaged<nint, byte*, nuint, nint, nint*, nint>)_table[8])(
                        Environment,
                        bytes,
                        (nuint)model.Length,
                        options,
                        &session
                    )
                );
            }

            return session;
        }
        finally
        {
            ((delegate* unmanaged<nint, void>)_table[100])(options);
        }
    }

    public IReadOnlyList<string> InputNames(nint session) => Names(session, 30, 36);

    public IReadOnlyList<string> OutputNames(nint session) => Names(session, 31, 37);

    public void ReleaseSession(nint session) => ((delegate* unmanaged<nint, void>)_table[95])(session);

    /// <summary>A tensor over numbers that the caller keeps in their place until it is released.</summary>
    public nint CreateTensor(long* numbers, int rows, int columns)
    {
        const int Int64 = 7;
        var shape = stackalloc long[] { rows, columns };
        nint value;
        Check(
            ((delegate* unmanaged<nint, void*, nuint, long*, nuint, int, nint*, nint>)_table[49])(
                CpuMemory,
                numbers,
                (nuint)(rows * columns * sizeof(long)),
                shape,
                2,
                Int64,
                &value
            )
        );
        return value;
    }

    public nint Run(nint session, byte** inputNames, nint* inputs, int count, byte* outputName)
    {
        nint output = 0;
        Check(
            ((delegate* unmanaged<nint, nint, byte**, nint*, nuint, byte**, nuint, nint*, nint>)_table[9])(
                session,
                0,
                inputNames,
                inputs,
                (nuint)count,
                &outputName,
                1,
                &output
            )
        );
        return output;
    }

    /// <summary>The shape and the numbers of a tensor of floats; good until the tensor is released.</summary>
    public (long[] Shape, nint Numbers) Read(nint tensor)
    {
        const int Float = 1;
        nint info;
        Check(((delegate* unmanaged<nint, nint*, nint>)_table[65])(tensor, &info));
        try
        {
            int type;
            Check(((delegate* unmanaged<nint, int*, nint>)_table[60])(info, &type));
            if (type != Float)
                throw new LocalModelException("The model's output is no tensor of 32-bit floats.");

            nuint rank;
            Check(((delegate* unmanaged<nint, nuint*, nint>)_table[61])(info, &rank));
            var shape = new long[rank];
            fixed (long* place = shape)
                Check(((delegate* unmanaged<nint, long*, nuint, nint>)_table[62])(info, place, rank));

            void* numbers;
            Check(((delegate* unmanaged<nint, void**, nint>)_table[51])(tensor, &numbers));
            return (shape, (nint)numbers);
        }
        finally
        {
            ((delegate* unmanaged<nint, void>)_table[99])(info);
        }
    }

    public void ReleaseTensor(nint tensor) => ((delegate* unmanaged<nint, void>)_table[96])(tensor);

    private static OnnxRuntimeApi Open(string path)
    {
        nint library;
        try
        {
            library = NativeLibrary.Load(path);
        }
        catch (Exception exception) when (exception is DllNotFoundException or BadImageFormatException)
        {
            throw new LocalModelException(
                $"ONNX Runtime's library cannot be loaded from {path}: run ./run doctor to see how to install it.",
                exception
            );
        }

        if (!NativeLibrary.TryGetExport(library, "OrtGetApiBase", out var export))
            throw new LocalModelException($"{path} is not ONNX Runtime's library.");

        // struct OrtApiBase { const OrtApi* (*GetApi)(uint32_t); const char* (*GetVersionString)(void); }
        var basis = ((delegate* unmanaged<nint*>)export)();
        var version = Marshal.PtrToStringUTF8(((delegate* unmanaged<nint>)basis[1])()) ?? "unknown";
        var table = ((delegate* unmanaged<uint, nint*>)basis[0])(ApiVersion);
        return table is null
            ? throw new LocalModelException($"ONNX Runtime {version} is too old: 1.20 or newer is needed.")
            : new OnnxRuntimeApi(table, version);
    }

    private List<string> Names(nint session, int count, int name)
    {
        nuint most;
        Check(((delegate* unmanaged<nint, nuint*, nint>)_table[count])(session, &most));
        var names = new List<string>();
        for (nuint i = 0; i < most; i++)
        {
            byte* text;
            Check(((delegate* unmanaged<nint, nuint, nint, byte**, nint>)_table[name])(session, i, Allocator, &text));
            names.Add(Marshal.PtrToStringUTF8((nint)text)!);
            Check(((delegate* unmanaged<nint, byte*, nint>)_table[76])(Allocator, text));
        }

        return names;
    }

    /// <summary>A status that is not null is an error, and ours to release.</summary>
    private void Check(nint status)
    {
        if (status == 0)
            return;

        var message = Marshal.PtrToStringUTF8(((delegate* unmanaged<nint, nint>)_table[2])(status));
        ((delegate* unmanaged<nint, void>)_table[93])(status);
        throw new LocalModelException($"ONNX Runtime refused: {message}");
    }
}
