using Chancery.Server.Knowledge.Ingestion;

namespace Chancery.Server.Tests.Knowledge;

/// <summary>A reader's user cannot pass root's home, so what it runs is copied to where it can.</summary>
public sealed class ReaderProgramTests : IDisposable
{
    private readonly DirectoryInfo _place = Directory.CreateTempSubdirectory("readers");

    [Fact]
    public void A_copy_can_be_read_by_everybody_and_started_where_the_original_could()
    {
        var (program, library) = Original("closed");

        var copy = new ReaderProgram(Copies).CopyOf(Path.GetDirectoryName(program)!, [program, library]);

        Assert.True(File.GetUnixFileMode(copy).HasFlag(UnixFileMode.OtherExecute));
        Assert.Equal(
            UnixFileMode.OtherRead | UnixFileMode.OtherExecute,
            File.GetUnixFileMode(Path.Combine(copy, "chancery")) & (UnixFileMode)7
        );
        Assert.Equal(
            UnixFileMode.OtherRead,
            File.GetUnixFileMode(Path.Combine(copy, "sub", "a.dll")) & (UnixFileMode)7
        );
    }

    [Fact]
    public void The_same_build_is_copied_once_and_a_new_one_replaces_it_but_not_anothers()
    {
        var (program, library) = Original("one");
        var (foreign, _) = Original("two");
        var programs = new ReaderProgram(Copies);
        var others = programs.CopyOf(Path.GetDirectoryName(foreign)!, [foreign]);
        var first = programs.CopyOf(Path.GetDirectoryName(program)!, [program, library]);

        var again = programs.CopyOf(Path.GetDirectoryName(program)!, [program, library]);
        File.WriteAllText(library, "another build");
        var second = programs.CopyOf(Path.GetDirectoryName(program)!, [program, library]);

        Assert.Equal(first, again);
        Assert.NotEqual(first, second);
        Assert.False(Directory.Exists(first));
        Assert.True(Directory.Exists(others));
        Assert.Equal("another build", File.ReadAllText(Path.Combine(second, "sub", "a.dll")));
    }

    public void Dispose() => _place.Delete(recursive: true);

    private string Copies => Path.Combine(_place.FullName, "copies");

    private (string Program, string Library) Original(string name)
    {
        var directory = _place.CreateSubdirectory(Path.Combine(name, "sub"));
        var program = Path.Combine(directory.Parent!.FullName, "chancery");
        var library = Path.Combine(directory.FullName, "a.dll");
        File.WriteAllText(program, "program");
        File.SetUnixFileMode(program, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        File.WriteAllText(library, "library");
        File.SetUnixFileMode(library, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        return (program, library);
    }
}
