"""scene: a plan as pictures: images, contours and isodose lines on one plane."""
