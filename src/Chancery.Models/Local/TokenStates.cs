namespace Chancery.Models;

/// <summary>What an encoder makes of each token of one text.</summary>
/// <param name="Ids">In the model's vocabulary, the opening and the closing one included.</param>
/// <param name="Vectors">One after the other, each of length one.</param>
/// <param name="Width">Numbers in each.</param>
public sealed record TokenStates(int[] Ids, float[] Vectors, int Width);
