using System.Buffers;
using System.IO.MemoryMappedFiles;

namespace Chancery.Search.Engine.Snapshots;

/// <summary>
/// A file in memory, read only. Stays mapped until nothing refers to it or to a piece of it any more: segments that came
/// from it live on in queries after the index has let go of them.
/// </summary>
/// <remarks>
/// Whoever holds a span of a piece keeps the piece's owner alive meanwhile. The file must not be made shorter while it is mapped: the
/// system would end the process. Snapshots are only ever replaced, by other files.
/// </remarks>
internal sealed unsafe class MappedFile
{
    private readonly MemoryMappedFile _file;
    private readonly MemoryMappedViewAccessor _view;
    private readonly byte* _start;

    /// <param name="file">Closed with the mapping.</param>
    public MappedFile(FileStream file)
    {
        _file = MemoryMappedFile.CreateFromFile(
            file,
            null,
            0,
            MemoryMappedFileAccess.Read,
            HandleInheritability.None,
            leaveOpen: false
        );
        _view = _file.CreateViewAccessor(0, 0, MemoryMappedFileAccess.Read);
        _view.SafeMemoryMappedViewHandle.AcquirePointer(ref _start);
    }

    ~MappedFile()
    {
        if (_start is not null)
            _view.SafeMemoryMappedViewHandle.ReleasePointer();
        _view?.Dispose();
        _file?.Dispose();
    }

    /// <param name="offset">Within the file, as is the end.</param>
    public ReadOnlyMemory<byte> Piece(long offset, int length) =>
        length == 0 ? default(ReadOnlyMemory<byte>) : new Manager(this, offset, length).Memory;

    private sealed class Manager(MappedFile file, long offset, int length) : MemoryManager<byte>
    {
        public override Span<byte> GetSpan() => new(file._start + offset, length);

        public override MemoryHandle Pin(int elementIndex = 0) => new(file._start + offset + elementIndex);

        public override void Unpin() { }

        protected override void Dispose(bool disposing) { }
    }
}
